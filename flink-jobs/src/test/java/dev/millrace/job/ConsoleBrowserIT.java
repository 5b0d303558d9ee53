package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.browser.Browser;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.gateway.ApiKeys;
import dev.millrace.job.gateway.Gateway;
import dev.millrace.job.gateway.GatewayConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console before both jobs, in a real browser: {@code ./mvnw -B verify -Pfull} with a Chromium
 * that {@code docs/install-full.sh} installs.
 */
@EnabledIfSystemProperty(named = "millrace.browser", matches = "true")
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class ConsoleBrowserIT {

  private static final Map<String, String> SETTINGS =
      Map.of("batch.count", "8", "batch.spanMillis", "1000000", "heldOut.everyNth", "3");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OPERATOR = "key-of-the-operator";
  private static final String CALLER = "key-of-a-caller";
  private static final Path IMAGES =
      Path.of(System.getProperty("millrace.root"), "flink-jobs", "target", "console");
  private static final int TAB = 9;
  private static final int ENTER = 13;
  private static final int LOAD_MILLIS = 2_000;
  private static final int LOADS = 5;
  private static final String SHOWN =
      "document.querySelector('#status').className === 'up'"
          + " && document.querySelectorAll('#releases tr').length > 0";

  /** Between two lots of samples: learning must keep up. */
  private static final int POLLS = 5;

  /** What reaches beyond the window, and is not clipped by a box that scrolls. */
  private static final String WIDE =
      "[...document.querySelectorAll('body *')]"
          + ".filter(e => e.getBoundingClientRect().right > innerWidth)"
          + ".filter(e => !e.closest('.scroll') || getComputedStyle(e).position === 'absolute')"
          + ".slice(0, 12).map(e => e.outerHTML.slice(0, 80))";

  /** Rows of tables whose cells are so narrow that little of the table is seen. */
  private static final String TALL =
      "[...document.querySelectorAll('tbody tr')].filter(r => r.offsetHeight > 130)"
          + ".map(r => r.offsetHeight + ' ' + r.textContent)";

  /** Elements that people use. */
  private static final String USED =
      "[...document.querySelectorAll('input, select, button, summary, [tabindex]')]"
          + ".filter(e => e.checkVisibility())";

  /** Texts whose contrast with what is behind them is too low (WCAG 2.2, 1.4.3). */
  private static final String FAINT =
      """
      (() => {
        const rgb = (c) => { const x = document.createElement('canvas').getContext('2d');
          x.fillStyle = c; x.fillRect(0, 0, 1, 1); return [...x.getImageData(0, 0, 1, 1).data]; };
        const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
          .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
          .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = (e) => { for (; e; e = e.parentElement) {
          const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; }
          return rgb('canvas'); };
        const faint = [];
        for (const e of document.querySelectorAll('body *')) {
          const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
          if (!own || !e.checkVisibility() || e.closest('.unseen')) continue;
          const style = getComputedStyle(e);
          const [a, b] = [light(rgb(style.color)), light(behind(e))].sort((x, y) => y - x);
          const large = parseFloat(style.fontSize) >= 24;
          const ratio = (a + 0.05) / (b + 0.05);
          if (ratio < (large ? 3 : 4.5))
            faint.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
        }
        return [...new Set(faint)];
      })()\
      """;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Random random = new Random(11);
  private Gateway gateway;
  private Browser browser;

  @Test
  void console_beforeBothJobs_showsAndOrdersAndCanBeUsedByAll(@TempDir Path folder)
      throws Exception {
    Path keys =
        Files.writeString(
            folder.resolve("keys"), "%s - operator\n%s -\n".formatted(OPERATOR, CALLER));
    try (EmbeddedStack stack = EmbeddedStack.start(1, 8)) {
      Loop loop = Loop.create(stack, 1, SETTINGS);
      loop.serve(TinyParts.servings(loop.config()));
      loop.learn(TinyParts.learners(loop.config()));
      try (Gateway door =
              Gateway.start(
                  GatewayConfig.local(0, loop.config().gateway()),
                  loop.config().kafka(),
                  ApiKeys.read(keys),
                  Adopting.unavailable("not asked for here"));
          Browser chromium = Browser.start(folder.resolve("profile"))) {
        gateway = door;
        browser = chromium;
        teachUntilThereAreReleases();
        opensWithAKey();
        loadsSoon();
        valuesChange();
        answers();
        readsSilentStreams();
        tellsTenantsApart();
        saysNothingWhileAllIsWell();
        ordersWithConfirmation();
        namesAndFocus();
        looks();
        assertEquals(List.of(), browser.errors());
      }
    }
  }

  private void opensWithAKey() throws Exception {
    browser.look(1440, 900, false);
    browser.open(gateway.console());
    browser.await("!document.querySelector('#key-form').hidden");
    browser.eval("document.querySelector('#key').focus()");
    browser.type(OPERATOR);
    browser.press("Enter", ENTER);
    browser.await(SHOWN);
  }

  /** From the address to the picture, in the median. */
  private void loadsSoon() throws Exception {
    double[] millis = new double[LOADS];
    for (int i = 0; i < LOADS; i++) {
      browser.open(gateway.console() + "?" + i);
      browser.await(SHOWN);
      millis[i] = browser.eval("performance.now()").asDouble();
    }
    Arrays.sort(millis);
    System.out.println("the console is shown after ms: " + Arrays.toString(millis));
    assertTrue(millis[LOADS / 2] < LOAD_MILLIS, () -> "shown after " + Arrays.toString(millis));
  }

  private void valuesChange() throws Exception {
    String samples = "document.querySelector('#flow .arrow b').textContent";
    String before = browser.eval(samples).asText();
    teach();
    browser.await(samples + " !== " + '"' + before + '"');
    browser.await("document.querySelector('.chart .uplot')");
    browser.await("document.querySelector('#experts td')");
  }

  private void answers() throws Exception {
    String said = ask();
    assertTrue(said.contains("accepted by the gate") && said.contains("had learned"), said);
    browser.await("document.querySelector('#latency .uplot')");
  }

  /** Comments are no events: whoever answers says nothing for a while. */
  private void readsSilentStreams() throws Exception {
    JsonNode events =
        browser.eval(
            """
            (async () => {
              const events = [];
              const stream = ":\\n\\ndata: {\\"a\\":1}\\n\\n:\\n\\ndata: [DONE]\\n\\n";
              await eachEvent(new Response(stream).body, (data) => events.push(JSON.parse(data).a));
              return events;
            })()\
            """);
    assertEquals("[1]", events.toString());
  }

  /** A card each, for as long as the gateway keeps a domain, and none in the list that is a 404. */
  private void tellsTenantsApart() throws Exception {
    JsonNode told =
        browser.eval(
            """
            (() => {
              const one = last.domains.find((d) => d.current);
              const of = (tenant, domain) => ({ ...one, tenant, domain });
              const domains = [of(null, "b"), of("acme", "b"), of("acme", "b-c"), of("acme-b", "c")];
              const texts = (all) => [...all].map((e) => e.textContent).join();
              const told = [];
              for (const shown of [{ ...last, tenant: "acme", domains }, last]) {
                show(shown);
                told.push(texts(document.querySelectorAll("#domains h3")), texts($("model").options));
              }
              return told;
            })()\
            """);
    assertEquals(
        "[\"b,acme / b,acme / b-c,acme-b / c\",\"base,b,b-c\",\"cloud\",\"base,cloud\"]",
        told.toString());
  }

  /** What reads the page to people tells each change of what is said of the connection. */
  private void saysNothingWhileAllIsWell() throws Exception {
    JsonNode changes =
        browser.eval(
            """
            (async () => {
              const seen = { status: 0, clock: 0 };
              await new Promise((resolve) => {
                const counting = new MutationObserver((changes) => {
                  for (const change of changes) seen[change.target.id]++;
                  if (seen.clock > 2) resolve();
                });
                for (const id of Object.keys(seen)) counting.observe($(id), { childList: true });
              });
              return seen.status;
            })()\
            """);
    assertEquals(0, changes.asInt());
  }

  /** Who answered, as the page tells it. */
  private String ask() throws Exception {
    browser.click("#ask button");
    browser.await("document.querySelector('#answer small')?.textContent");
    return browser.eval("document.querySelector('#answer small').textContent").asText();
  }

  /** Pins the newest release, rolls back to the oldest, and is answered by that one. */
  private void ordersWithConfirmation() throws Exception {
    browser.eval("document.querySelector('#releases tr:last-child details').open = true");
    browser.click("#releases tr:first-child button");
    browser.await("document.querySelector('dialog').open");
    assertTrue(browser.eval("document.activeElement.closest('dialog') !== null").asBoolean());
    browser.click("dialog button[value=no]");
    browser.await("!document.querySelector('dialog').open");
    browser.click("#releases tr:first-child button");
    browser.await("document.querySelector('dialog').open");
    browser.eval("document.querySelector('#why').focus()");
    browser.type("looks <b>wrong</b>");
    browser.click("dialog button[value=yes]");
    browser.await("document.querySelector('.badge')?.textContent === 'pinned'");
    String said = browser.eval("document.querySelector('#ordered').textContent").asText();
    assertTrue(said.matches("pin cloud to \\w+ is ordered"), said);
    JsonNode pins =
        browser.eval(
            "[...document.querySelectorAll('#releases tr')]"
                + ".filter(r => r.cells[2].textContent === 'pin')"
                + ".map(r => r.querySelector('.detail').textContent)");
    assertEquals(1, pins.size(), "what was called off has been ordered");
    assertTrue(
        browser.eval("document.querySelector('#releases tr:last-child details').open").asBoolean(),
        "a row that is as it was has been made anew");
    assertTrue(pins.path(0).asText().startsWith("looks <b>wrong</b>"), pins::toString);
    String pinned = release("first");
    String oldest = release("last");
    assertNotEquals(oldest, pinned);
    assertFalse(ask().contains("release " + oldest));
    browser.click("#releases tr:last-child button + button");
    browser.await("document.querySelector('dialog').open");
    browser.click("dialog button[value=yes]");
    browser.await("!document.querySelector('.badge')");
    browser.await("document.querySelector('#releases tr').cells[2].textContent === 'rollback'");
    assertEquals(oldest, release("first"));
    String answered = ask();
    while (!answered.contains("release " + oldest)) {
      assertTrue(answered.contains("release " + pinned), answered);
      answered = ask();
    }
  }

  /** The release of a row, as far as it is shown. */
  private String release(String row) throws Exception {
    return browser
        .eval("document.querySelector('#releases tr:%s-child code').textContent".formatted(row))
        .asText();
  }

  private void namesAndFocus() throws Exception {
    JsonNode nameless =
        browser.eval(
            USED
                + ".filter(e => !(e.labels?.length || e.ariaLabel || e.textContent.trim()"
                + " || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML)");
    assertTrue(nameless.isEmpty(), nameless::toString);
    browser.eval("document.activeElement.blur(); window.scrollTo(0, 0)");
    // Twice around: it begins where the focus was last, and a step leads out of the page.
    for (int i = 0; i < 2 * browser.eval(USED + ".length").asInt(); i++) {
      browser.press("Tab", TAB);
      browser.eval(
          "document.activeElement.reached = getComputedStyle(document.activeElement).outlineStyle");
    }
    JsonNode unreached =
        browser.eval(USED + ".filter(e => (e.reached ?? 'none') === 'none').map(e => e.outerHTML)");
    assertTrue(unreached.isEmpty(), unreached::toString);
  }

  /** Three sizes, light and dark: nothing is faint, nothing is wider than the window. */
  private void looks() throws Exception {
    for (int[] size : new int[][] {{1440, 900}, {820, 1180}, {390, 844}}) {
      for (boolean dark : new boolean[] {false, true}) {
        browser.look(size[0], size[1], dark);
        browser.await("document.documentElement.clientWidth === " + size[0]);
        JsonNode wide = browser.eval(WIDE);
        int found = browser.eval("document.documentElement.scrollWidth").asInt();
        assertEquals(size[0], found, () -> "too wide: " + wide);
        JsonNode tall = browser.eval(TALL);
        assertTrue(tall.isEmpty(), () -> size[0] + " wide: " + tall);
        JsonNode faint = browser.eval(FAINT);
        assertTrue(faint.isEmpty(), () -> size[0] + (dark ? " dark: " : " light: ") + faint);
        browser.screenshot(
            IMAGES.resolve("console-%d-%s.png".formatted(size[0], dark ? "dark" : "light")));
      }
    }
  }

  /** So many that there is one to go back to. */
  private void teachUntilThereAreReleases() throws Exception {
    Set<String> releases = new HashSet<>();
    for (int i = 0; releases.size() < 2; i++) {
      if (i % POLLS == 0) {
        teach();
      }
      Thread.sleep(100);
      for (JsonNode model : JSON.readTree(send("/v1/models", null)).path("data")) {
        if (model.path("id").asText().equals("cloud")) {
          releases.add(model.path("millrace").path("release").asText());
        }
      }
    }
  }

  private void teach() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      lines.append(
          "{\"document\":\"d%d\",\"text\":\"%s\"}%n"
              .formatted(random.nextInt(), Feed.words(random)));
    }
    send("/v1/samples?domain=cloud", lines + "{\"text\":\" \"}\n");
  }

  private String send(String path, @Nullable String body) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(gateway.url() + path))
            .header("Authorization", "Bearer " + CALLER);
    HttpRequest sent =
        body == null ? request.build() : request.POST(BodyPublishers.ofString(body)).build();
    return client.send(sent, BodyHandlers.ofString()).body();
  }
}
