package import Daemon
import MQTT

package let programVersion = "0.1.0"

/// The program's commands.
package enum Commands {
  package static let all = CommandSet(
    program: "hatang-agent", version: programVersion,
    summary: "Collects measurements at the edge and delivers each of them once.",
    vi: "Thu thập số đo tại trạm và chuyển về tỉnh, mỗi số đo đúng một lần.",
    defaultConfig: AgentConfiguration.defaultFile, manual: .agent,
    commands: [
      RunCommand.self, CheckCommand.self, StatusCommand.self, BufferInfoCommand.self,
      BufferVerifyCommand.self, BufferExportCommand.self, ImportCommand.self,
      MappingTestCommand.self, BufferTakeOutCommand.self, EnrollCommand.self,
      ProbeCoverageCommand.self, ProbeBroadbandCommand.self, ProbeServiceCommand.self,
    ],
    isUnreachable: { $0 is MQTTError || $0 is ImportError })

  static let json = CommandLineParser.Option(
    "json", help: "for programs: one JSON object", vi: "cho chương trình: một đối tượng JSON")
}
