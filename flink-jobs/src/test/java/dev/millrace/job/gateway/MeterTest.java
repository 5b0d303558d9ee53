package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MeterTest {

  private static final Pattern SCRAPED = Pattern.compile("(?m)^# TYPE (\\w+) (\\w+)$");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `(millrace_gateway_\\w+)` \\| (\\w+) \\|");

  /** Whoever scrapes the gateway looks there for what a name means. */
  @Test
  void scrape_ofAll_isTheTableOfThePage() throws IOException {
    Meter meter = new Meter();
    meter.call("/v1/models", 200);
    meter.rated("up");
    meter.took(RepliesTest.answer(null), 1);
    String page =
        Files.readString(Path.of(System.getProperty("millrace.root"), "docs", "metrics.md"));
    assertEquals(kinds(SCRAPED, meter.scrape()), kinds(ROW, page));
  }

  private static Map<String, String> kinds(Pattern named, String text) {
    Map<String, String> kinds = new TreeMap<>();
    named.matcher(text).results().forEach(found -> kinds.put(found.group(1), found.group(2)));
    return kinds;
  }
}
