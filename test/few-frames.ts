// Jest keeps a hundred frames of every error. Tests that are refused a token all day make thousands
// of errors, and would spend their time on that.
Error.stackTraceLimit = 10;
