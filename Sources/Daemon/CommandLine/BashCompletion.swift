extension CommandLineParser {
  /// Completion for bash, from the same table as the help text: commands, the options of the
  /// command typed so far, and files where an operand or a value is one.
  public var bashCompletion: String {
    let function = "_" + program.map { $0 == "-" ? "_" : "\($0)" }.joined()
    return """
      # Completion for \(program), made from its own table of commands.
      \(function)() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
        local typed="${COMP_WORDS[*]:1:COMP_CWORD-1} " words="" options="" files=""
        COMPREPLY=()
        case $previous in
      \(valueCases)  esac
        case $typed in
      \(commandCases)  esac
        if [[ $current == -* || ( -z $words && -z $files ) ]]; then words=$options; fi
        COMPREPLY=($(compgen -W "$words" -- "$current"))
        if [[ -n $files && $current != -* ]]; then compopt -o default 2>/dev/null; fi
      }
      complete -F \(function) \(program)

      """
  }

  /// Options with a value: a file is completed as one, anything else only the person knows.
  private var valueCases: String {
    let options = commands.flatMap(\.options) + common
    let isFile = { (option: Option) in option.argument.map(Self.isFile) ?? false }
    let files = Set(options.filter(isFile).map { "--\($0.name)" })
    let others = Set(options.filter { $0.argument != nil && !isFile($0) }.map { "--\($0.name)" })
    var text = "  \(files.sorted().joined(separator: "|"))) compopt -o default; return ;;\n"
    let rest = others.subtracting(files).sorted()
    if !rest.isEmpty { text += "  \(rest.joined(separator: "|"))) return ;;\n" }
    return text
  }

  /// Longer names first: what is typed after `buffer info` is not what is typed after `buffer`.
  private var commandCases: String {
    var text = ""
    for command in commands.sorted(by: { ($0.name.count, $0.name) > ($1.name.count, $1.name) }) {
      let options = (command.options + common).map { "--\($0.name)" }.joined(separator: " ")
      let files = Self.isFile(command.operands) ? " files=yes" : ""
      let pattern = command.name.isEmpty ? "*" : "\"\(command.name) \"*"
      text += "  \(pattern)) options=\"\(options)\"\(files) ;;\n"
    }
    guard commands.count != 1 || !commands[0].name.isEmpty else { return text }
    let names = commands.map { $0.name.split(separator: " ").map(String.init) }
    for group in Set(names.filter { $0.count > 1 }.map { $0[0] }).sorted() {
      let second = names.filter { $0.count > 1 && $0[0] == group }.map { $0[1] }
      text += "  \"\(group) \") words=\"\(Self.unique(second))\" ;;\n"
    }
    let first = Self.unique(names.map { $0[0] })
    return text + "  \" \") words=\"\(first)\" options=\"--help --version\" ;;\n"
  }

  private static func isFile(_ placeholder: String) -> Bool {
    ["FILE", "BUNDLE"].contains { placeholder.contains($0) }
  }

  /// In the order of the table.
  private static func unique(_ words: [String]) -> String {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }.joined(separator: " ")
  }
}
