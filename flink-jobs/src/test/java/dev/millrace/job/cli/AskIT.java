package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.NanoReleases;
import dev.millrace.job.cli.options.Output;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store is asked, without a cluster: a real broker, a real Redis, the base that ships. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class AskIT extends RunsCommands {

  @TempDir Path store;

  /** Both are announced: whom each answers is for the job that answers to know. */
  @Test
  void ask_domainOfTwoTenants_isAnsweredByTheCallersOwn() throws Exception {
    NanoReleases releases = new NanoReleases(store);
    String acmes = releases.publish("acme", "support", 1).release();
    String others = releases.publish("other", "support", 2).release();
    assertEquals(acmes, answering("acme"));
    assertEquals(others, answering("other"));
    assertEquals(Main.USAGE, ask("third"));
    String none = "domain support, expected auto or one of [] in store " + store;
    assertTrue(err.toString().contains(none), err::toString);
  }

  @Test
  void ask_logProbs_areThoseOfEachTokenAndAddUp() throws Exception {
    new NanoReleases(store).publish("acme", "support", 1);
    assertEquals(0, ask("acme", "--log-probs", "--tokens=8"), err::toString);
    JsonNode answer = new ObjectMapper().readTree(out.toString());
    StringBuilder text = new StringBuilder();
    double sum = 0;
    for (JsonNode token : answer.path("logProbs")) {
      text.append(token.path("token").textValue());
      sum += token.path("logProb").doubleValue();
    }
    assertEquals(8, answer.path("logProbs").size(), out::toString);
    assertEquals(answer.path("text").textValue(), text.toString());
    assertEquals(answer.path("logProb").doubleValue(), sum, 1e-4);
    assertEquals(Main.USAGE, ask("acme", "--log-probs", "--score"));
  }

  /** It started again and again, and whoever asked waited for nothing, without a word of why. */
  @Test
  void ask_jobFailsAtEachStart_endsWithWhy() throws Exception {
    new NanoReleases(store).publish("acme", "support", 1);
    assertEquals(Output.FAILED, ask("acme", "--set=base.align=" + store));
    String why = "the serve job does not start: " + store;
    assertTrue(err.toString().contains(why), err::toString);
  }

  /** It waited for slots. */
  @Test
  void ask_moreSubtasksThanThereWereSlots_isAnswered() throws Exception {
    new NanoReleases(store).publish("acme", "support", 1);
    assertEquals(0, ask("acme", "--score", "--set=job.parallelism=9"), err::toString);
  }

  private String answering(String tenant) throws Exception {
    assertEquals(0, ask(tenant), err::toString);
    return new ObjectMapper().readTree(out.toString()).path("release").asText();
  }

  private int ask(String tenant) {
    return ask(tenant, "--score");
  }

  private int ask(String tenant, String... options) {
    out.getBuffer().setLength(0);
    List<String> words = new ArrayList<>(List.of("ask", "--store=" + store, "--domain=support"));
    words.addAll(List.of("--tenant=" + tenant, "--json", "Dear customer"));
    words.addAll(List.of(options));
    return run(words.toArray(String[]::new));
  }
}
