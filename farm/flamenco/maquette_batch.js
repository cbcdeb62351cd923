// SPDX-License-Identifier: GPL-3.0-or-later
//
// A job type for Flamenco: textured meshes of many pictures. Put this file into the folder `scripts` beside
// flamenco-manager. The pictures and the results lie on the storage that Flamenco's workers share, and the Blender of
// the workers, {blender}, has Maquette installed.

const LARGEST = 100000;

const JOB_TYPE = {
    label: "Maquette Batch",
    description: "Make textured meshes of a folder of pictures",
    settings: [
        { key: "pictures", type: "string", subtype: "dir_path", required: true,
          description: "Folder of pictures, with the folders in it; or a job file (.jsonl), with settings for each picture" },
        { key: "results", type: "string", subtype: "dir_path", required: true,
          description: "Folder of the results" },
        { key: "shards", type: "int32", default: 8, required: true, propargs: { min: 1, max: LARGEST },
          description: "How many tasks to cut the pictures into; some minutes of work in each are best" },
        { key: "quality", type: "string", default: "standard", choices: ["draft", "standard", "high"],
          description: "Faces, texture and fineness" },
        { key: "formats", type: "string", default: "glb",
          description: "Kinds of mesh files, with commas between them, as glb,fbx,usdz" },
        { key: "device", type: "string", default: "auto", choices: ["auto", "cpu", "cuda", "directml", "coreml"],
          description: "What the networks run on" },
        { key: "options", type: "string", default: "",
          description: "More options of maquette batch, with spaces between them, as --texture 1024 --jobs 2" },
    ]
};

function compileJob(job) {
    const settings = job.settings;
    check(settings);
    const merge = author.Task("merge-manifests", "blender");
    merge.addCommand(maquette(["batch", "--merge", "--output", settings.results]));
    for (let index = 1; index <= settings.shards; index++) {
        const task = author.Task(`shard-${index}-of-${settings.shards}`, "blender");
        task.addCommand(maquette(shardArguments(settings, index)));
        job.addTask(task);
        merge.addDependency(task);
    }
    job.addTask(merge);
}

function check(settings) {
    if (!settings.pictures || !settings.results) {
        throw "Choose the folder of pictures and the folder of the results.";
    }
    if (!(settings.shards >= 1 && settings.shards <= LARGEST)) {
        throw `There cannot be ${settings.shards} shards: choose 1 to ${LARGEST}.`;
    }
}

function maquette(args) {
    return author.Command("exec", { exe: "{blender}", args: ["--background", "--command", "maquette"].concat(args) });
}

// --wait: a worker that Flamenco gave up may still be at work on the shard. --exit-zero: a picture that is refused is no
// task that failed; the manifest says which.
function shardArguments(settings, index) {
    const more = (settings.options || "").split(" ").filter((word) => word !== "");
    return [
        "batch", settings.pictures, "--output", settings.results, "--recursive",
        "--shard", `${index}/${settings.shards}`, "--resume", "--exit-zero", "--wait", "900",
        "--quality", settings.quality || "standard",
        "--formats", settings.formats || "glb",
        "--device", settings.device || "auto",
    ].concat(more);
}
