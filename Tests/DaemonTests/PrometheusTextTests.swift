import Daemon
import Testing

@Suite struct PrometheusTextTests {
  @Test func `families, labels and histograms have the format's form`() {
    var text = PrometheusText()
    text.family("hatang_agent_up", "Whether an agent\nis there.", .gauge)
    text.sample([("agent", "a\"b\\c\nd")], 1)
    text.sample([], 0.5)
    text.family("hatang_ingest_commit_seconds", "Commits.", .histogram)
    var histogram = Histogram(bounds: [0.1, 1])
    for value in [0.05, 0.1, 0.5, 3] { histogram.observe(value) }
    text.histogram([("kind", "x")], histogram)
    #expect(
      text.text == #"""
        # HELP hatang_agent_up Whether an agent\nis there.
        # TYPE hatang_agent_up gauge
        hatang_agent_up{agent="a\"b\\c\nd"} 1
        hatang_agent_up 0.5
        # HELP hatang_ingest_commit_seconds Commits.
        # TYPE hatang_ingest_commit_seconds histogram
        hatang_ingest_commit_seconds_bucket{kind="x",le="0.1"} 2
        hatang_ingest_commit_seconds_bucket{kind="x",le="1.0"} 3
        hatang_ingest_commit_seconds_bucket{kind="x",le="+Inf"} 4
        hatang_ingest_commit_seconds_sum{kind="x"} 3.65
        hatang_ingest_commit_seconds_count{kind="x"} 4

        """#)
  }
}
