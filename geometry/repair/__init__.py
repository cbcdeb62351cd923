"""Cleaning of any mesh, step by step: faces of any number of corners in, the same with its origin out."""
