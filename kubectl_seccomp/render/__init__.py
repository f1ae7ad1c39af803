"""Report -> text: one module per format, each a function from a report to chunks of text."""
