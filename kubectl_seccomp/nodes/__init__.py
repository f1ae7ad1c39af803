"""The node probe, without any network: its pod, the script it runs, the parser of what it prints."""
