"""The command line: the only place that knows typer, prints, and ends the process."""
