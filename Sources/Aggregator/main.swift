import Daemon

// Parse, run, and say with what code it ended. What each command does is in `Commands/`.

let arguments = Array(CommandLine.arguments.dropFirst())
let options = Commands.all.parser.parseOrExit(arguments)
Commands.all.run(options).exit()
