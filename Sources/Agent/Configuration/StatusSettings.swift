package import Daemon

/// What `status` needs of the configuration. No secret is among it, so it is for everybody to ask.
package struct StatusSettings {
  package let statusFile: String
  let probes: ProbesSettings
  let probesFolder: String

  package init(file: String) throws(ConfigError) {
    let root = try AgentConfiguration.root(file: file)
    statusFile = try AgentConfiguration.statusFile(root)
    probes = try ProbesSettings(root["probes"])
    probesFolder = probes.folder(beside: try BufferSettings(root["buffer"]))
  }
}
