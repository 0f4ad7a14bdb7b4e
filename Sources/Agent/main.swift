import Daemon

// Parse, run, and say with what code it ended. What each command does is in `Commands/`.

let arguments = Array(CommandLine.arguments.dropFirst())
let options = Commands.parser.parseOrExit(arguments)
Commands.run(options).exit()
