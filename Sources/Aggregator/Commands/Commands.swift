package import Daemon
import MQTT

package let programVersion = "0.1.0"

/// The program's commands.
package enum Commands {
  package static let all = CommandSet(
    program: "hatang-aggregator", version: programVersion,
    summary: "Receives measurements and computes the province's indicators from them.",
    vi: "Nhận số đo của các trạm và tính chỉ tiêu của tỉnh từ đó.",
    defaultConfig: AggregatorConfiguration.defaultPath, manual: .aggregator,
    commands: [
      RunCommand.self, CheckCommand.self, IndicatorsCommand.self, AgentsCommand.self,
      WatchCommand.self, LedgerCommand.self, ReportCommand.self, ExportCommand.self,
      BackupCommand.self, VerifyCommand.self,
      PopulationCommand.self, IngestCommand.self, InitCACommand.self, EnrollCommand.self,
      RenewCommand.self, RevokeCommand.self,
    ],
    isUnreachable: { $0 is MQTTError })

  static let json = CommandLineParser.Option(
    "json", help: "for programs: one JSON object", vi: "cho chương trình: một đối tượng JSON")
}
