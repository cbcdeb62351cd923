"""Batches on many machines: a command for Ray, a template for Open Job Description, a job type for Flamenco. No bpy.

The unit is always ``maquette batch --shard I/N --resume`` on a folder that all machines share.
"""
