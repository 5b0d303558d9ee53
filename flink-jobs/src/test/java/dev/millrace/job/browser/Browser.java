package dev.millrace.job.browser;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A headless Chromium with one page, driven by its DevTools protocol. */
public final class Browser implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");
  private static final String LISTENS = "DevTools listening on ws://";
  private static final long PATIENCE_SECONDS = 30;

  private final Process process;
  private final WebSocket socket;
  private final AtomicInteger calls = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
  private final List<String> errors = new CopyOnWriteArrayList<>();

  private Browser(Process process, URI page) {
    this.process = process;
    this.socket =
        HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(page, new Listener()).join();
  }

  /**
   * Starts it.
   *
   * @param profile an empty folder of its own
   * @throws IllegalStateException if there is no Chromium
   */
  public static Browser start(Path profile) throws Exception {
    Process process =
        new ProcessBuilder(
                chromium(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .start();
    try {
      return new Browser(process, page(port(process)));
    } catch (Exception e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static String chromium() {
    for (String folder : System.getenv("PATH").split(":", -1)) {
      for (String name : NAMES) {
        if (Files.isExecutable(Path.of(folder, name))) {
          return Path.of(folder, name).toString();
        }
      }
    }
    throw new IllegalStateException(
        "none of %s is on the PATH; docs/install-full.sh installs it".formatted(NAMES));
  }

  private static int port(Process process) throws IOException {
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(LISTENS)) {
        Thread rest = new Thread(() -> output.lines().forEach(said -> {}), "chromium-output");
        rest.setDaemon(true);
        rest.start();
        return URI.create(line.substring(LISTENS.indexOf("ws://"))).getPort();
      }
    }
    throw new IllegalStateException("Chromium ended before it listened");
  }

  private static URI page(int port) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list")).build();
    JsonNode targets =
        JSON.readTree(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
    for (JsonNode target : targets) {
      if (target.path("type").asText().equals("page")) {
        return URI.create(target.path("webSocketDebuggerUrl").asText());
      }
    }
    throw new IllegalStateException("no page among " + targets);
  }

  /** Takes what the page sends, put together from its parts. */
  private final class Listener implements WebSocket.Listener {

    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      message.append(part);
      if (last) {
        take(message.toString());
        message.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  private void take(String text) {
    JsonNode message;
    try {
      message = JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    CompletableFuture<JsonNode> asked = waiting.remove(message.path("id").asInt(-1));
    if (asked != null) {
      asked.complete(message);
    }
    JsonNode about = message.path("params");
    switch (message.path("method").asText()) {
      case "Runtime.exceptionThrown" -> errors.add(about.path("exceptionDetails").toString());
      case "Runtime.consoleAPICalled" -> note(about.path("type").asText(), about.toString());
      case "Log.entryAdded" -> note(about.at("/entry/level").asText(), about.toString());
      default -> {}
    }
  }

  private void note(String level, String said) {
    if (level.equals("error") || level.equals("warning")) {
      errors.add(said);
    }
  }

  /** Errors and warnings that the page has put on its console. */
  public List<String> errors() {
    return List.copyOf(errors);
  }

  private JsonNode call(String method, ObjectNode parameters) {
    int id = calls.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    waiting.put(id, answer);
    ObjectNode call = JSON.createObjectNode().put("id", id).put("method", method);
    call.set("params", parameters);
    socket.sendText(call.toString(), true).join();
    JsonNode reply = answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    if (reply.has("error")) {
      throw new IllegalStateException(method + ": " + reply.path("error"));
    }
    return reply.path("result");
  }

  private static ObjectNode fields() {
    return JSON.createObjectNode();
  }

  /** Opens a page, and returns when it is loaded. */
  public void open(String url) throws InterruptedException {
    for (String domain : List.of("Page", "Runtime", "Log")) {
      call(domain + ".enable", fields());
    }
    call("Page.navigate", fields().put("url", url));
    await("document.readyState === 'complete' && location.href === " + quoted(url));
  }

  /** The value of an expression of the page. */
  public JsonNode eval(String expression) {
    JsonNode result =
        call(
            "Runtime.evaluate",
            fields()
                .put("expression", expression)
                .put("awaitPromise", true)
                .put("returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + result.path("exceptionDetails"));
    }
    return result.at("/result/value");
  }

  /** Waits until an expression is true. */
  public void await(String condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!eval("Boolean(" + condition + ")").asBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError(
            "did not come about: "
                + condition
                + "; the page says: "
                + eval("document.body.innerText"));
      }
      Thread.sleep(50);
    }
  }

  /** Presses a key, such as {@code Tab}. */
  public void press(String key, int code) {
    for (String type : List.of("keyDown", "keyUp")) {
      ObjectNode event = fields().put("type", type).put("key", key).put("code", key);
      event.put("windowsVirtualKeyCode", code);
      if (type.equals("keyDown") && key.equals("Enter")) {
        event.put("text", "\r");
      }
      call("Input.dispatchKeyEvent", event);
    }
  }

  /** Types into what has the focus. */
  public void type(String text) {
    call("Input.insertText", fields().put("text", text));
  }

  /** Clicks the middle of an element, as a mouse does. */
  public void click(String selector) {
    JsonNode at =
        eval(
            "(() => { const e = document.querySelector(%s); e.scrollIntoView({block: 'center'});"
                    .formatted(quoted(selector))
                + " const r = e.getBoundingClientRect();"
                + " return [r.x + r.width / 2, r.y + r.height / 2]; })()");
    for (String type : List.of("mousePressed", "mouseReleased")) {
      call(
          "Input.dispatchMouseEvent",
          fields()
              .put("type", type)
              .put("x", at.path(0).asDouble())
              .put("y", at.path(1).asDouble())
              .put("button", "left")
              .put("clickCount", 1));
    }
  }

  /** A text as the page's language writes it. */
  static String quoted(String text) {
    return JSON.getNodeFactory().textNode(text).toString();
  }

  /** The window, and whether the page is to be dark. */
  public void look(int width, int height, boolean dark) {
    call(
        "Emulation.setDeviceMetricsOverride",
        fields()
            .put("width", width)
            .put("height", height)
            .put("deviceScaleFactor", 1)
            .put("mobile", width < 500));
    ObjectNode media = fields();
    media
        .putArray("features")
        .addObject()
        .put("name", "prefers-color-scheme")
        .put("value", dark ? "dark" : "light");
    call("Emulation.setEmulatedMedia", media);
  }

  /** Writes what can be seen as PNG. */
  public void screenshot(Path file) throws IOException {
    String data =
        call("Page.captureScreenshot", fields().put("format", "png")).path("data").asText();
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.write(file, Base64.getDecoder().decode(data));
  }

  @Override
  public void close() {
    socket.abort();
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
