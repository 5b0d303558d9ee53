package dev.millrace.job.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;

/** Speaks the two calls of Confluent's API that are used. */
final class RegistryOfTests implements AutoCloseable {

  /** A trouble: replies come to no end. */
  static final int STOPS = -2;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SUBJECTS = "/subjects/";
  private static final String IDS = "/schemas/ids/";

  private final HttpServer server;
  private final List<String> schemas = new ArrayList<>();
  private final Set<String> subjects = new ConcurrentSkipListSet<>();
  private final AtomicInteger calls = new AtomicInteger();
  private volatile boolean refuses;
  private volatile int trouble;

  private RegistryOfTests(HttpServer server) {
    this.server = server;
  }

  static RegistryOfTests start() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    RegistryOfTests registry = new RegistryOfTests(server);
    server.createContext("/", registry::answer);
    server.start();
    return registry;
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** From now on, schemas are incompatible. */
  void refuse() {
    refuses = true;
  }

  /** From now on, calls end with that status; with -1 they end without a reply, with 0 well. */
  void trouble(int status) {
    trouble = status;
  }

  /** Puts a schema there, and says its id. */
  synchronized int add(String schema) {
    if (!schemas.contains(schema)) {
      schemas.add(schema);
    }
    return schemas.indexOf(schema) + 1;
  }

  List<String> subjects() {
    return List.copyOf(subjects);
  }

  int calls() {
    return calls.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    calls.incrementAndGet();
    if (trouble == STOPS) {
      exchange.sendResponseHeaders(200, 100);
      exchange.getResponseBody().write('{');
      exchange.getResponseBody().flush();
      return;
    }
    if (trouble < 0) {
      exchange.close();
      return;
    }
    if (trouble > 0) {
      send(exchange, trouble, "{}");
      return;
    }
    String path = exchange.getRequestURI().getRawPath();
    if (exchange.getRequestMethod().equals("POST")
        && path.startsWith(SUBJECTS)
        && path.endsWith("/versions")) {
      register(exchange, path);
    } else if (path.startsWith(IDS)) {
      look(exchange, Integer.parseInt(path.substring(IDS.length())));
    } else {
      send(exchange, 405, "{}");
    }
  }

  private void register(HttpExchange exchange, String path) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    if (refuses) {
      send(exchange, 409, "{\"error_code\":409,\"message\":\"incompatible\"}");
      return;
    }
    String subject = path.substring(SUBJECTS.length(), path.length() - "/versions".length());
    subjects.add(URLDecoder.decode(subject, UTF_8));
    int id = add(JSON.readTree(body).path("schema").asText());
    send(exchange, 200, "{\"id\":" + id + "}");
  }

  private void look(HttpExchange exchange, int id) throws IOException {
    String schema;
    synchronized (this) {
      schema = id >= 1 && id <= schemas.size() ? schemas.get(id - 1) : null;
    }
    if (schema == null) {
      send(exchange, 404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
    } else {
      send(exchange, 200, JSON.createObjectNode().put("schema", schema).toString());
    }
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
