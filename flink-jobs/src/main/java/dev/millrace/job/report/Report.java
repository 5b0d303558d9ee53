package dev.millrace.job.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.SortedMap;

/**
 * What {@code report.json} holds; its field names are a contract.
 *
 * @param releases of adapters of the base
 * @param alignments of adapters of the space in which pictures and sounds meet their captions
 * @param crossDomain by the adapter's domain, then by the text's domain: relative change of bits
 *     per byte against the base
 */
public record Report(
    Run run,
    AnswerCounts answers,
    SampleCounts samples,
    ReleaseCounts releases,
    ReleaseCounts alignments,
    SortedMap<String, DomainFigures> domains,
    @JsonProperty("protected") ProtectedFigures protectedSet,
    Quantiles freshnessMillis,
    SwapFigures swap,
    CacheCounts cache,
    SortedMap<String, SortedMap<String, Double>> crossDomain,
    Machine machine) {

  /**
   * Which run this was.
   *
   * @param started ISO-8601
   * @param base the base model's id
   */
  public record Run(String command, String started, long seconds, long seed, String base) {}
}
