"""The buttons: each takes the settings, starts or does the work, and reports."""
