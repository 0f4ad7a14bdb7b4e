/// What remedies name of an installed host: a path that a package brings or the service makes. A
/// test holds these against what the packages stage.
package enum InstalledFile {
  /// dh_compress packs it.
  package static let probes = "/usr/share/doc/hatang-agent/probes.md.gz"
  package static let localBroker = "/usr/share/hatang/mosquitto/hatang-agent.conf"
  /// On the province's host, by hatang-aggregator.
  package static let centralAccess = "/usr/share/doc/hatang-aggregator/examples/central.acl"
  /// `StateDirectory` of hatang-agent.service.
  package static let stateFolder = "/var/lib/hatang-agent"
}
