package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.NanoReleases;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store is asked, without a cluster: a real broker, a real Redis, the base that ships. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class AskIT {

  @TempDir Path store;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

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

  private String answering(String tenant) throws Exception {
    assertEquals(0, ask(tenant), err::toString);
    return new ObjectMapper().readTree(out.toString()).path("release").asText();
  }

  private int ask(String tenant) {
    out.getBuffer().setLength(0);
    String[] words = {
      "ask",
      "--store=" + store,
      "--domain=support",
      "--tenant=" + tenant,
      "--score",
      "--json",
      "Dear customer"
    };
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), words);
  }
}
