// Compiles a job as Flamenco's manager does, with what it gives to job types: `author`, `path`, `print`, and a job with
// `settings` and `addTask`. Usage: node flamenco.cjs SCRIPT SETTINGS; prints the settings there are and the tasks.

const fs = require("fs");
const vm = require("vm");

class Task {
    constructor(name, type) {
        if (typeof name !== "string" || !name.trim()) throw new Error("author.Task(name, type): name is required");
        if (typeof type !== "string" || !type.trim()) throw new Error("author.Task(name, type): type is required");
        Object.assign(this, { name: name.trim(), type: type.trim(), commands: [], dependencies: [] });
    }
    addCommand(command) {
        if (!(command instanceof Command)) throw new TypeError("no command");
        this.commands.push(command);
    }
    addDependency(task) {
        if (!(task instanceof Task)) throw new TypeError("no task");
        this.dependencies.push(task.name);
    }
}

class Command {
    constructor(name, parameters) {
        if (typeof name !== "string" || typeof parameters !== "object") throw new TypeError("author.Command(name, {})");
        Object.assign(this, { name, parameters });
    }
}

const [script, settings] = process.argv.slice(2);
const tasks = [];
const job = {
    name: "a job",
    settings: JSON.parse(settings),
    addTask(task) {
        if (!(task instanceof Task)) throw new TypeError("no task");
        tasks.push(task);
    },
};
const author = {
    Task: (name, type) => new Task(name, type),
    Command: (name, parameters) => new Command(name, parameters),
};
const context = vm.createContext({ author, job, path: {}, print() {} });
vm.runInContext(fs.readFileSync(script, "utf8"), context);
const type = vm.runInContext("JOB_TYPE", context);
try {
    vm.runInContext("compileJob(job)", context);
    console.log(JSON.stringify({ type, tasks }));
} catch (error) {
    console.log(JSON.stringify({ type, error: String(error) }));
}
