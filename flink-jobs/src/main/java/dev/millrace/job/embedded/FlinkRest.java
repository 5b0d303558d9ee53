package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.runtime.net.SSLUtils;
import org.jspecify.annotations.Nullable;

/** A Flink cluster through its REST interface. */
public final class FlinkRest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  /** Whether somebody answers is soon known: one that hangs takes calls, and says nothing. */
  private static final Duration SOON = Duration.ofSeconds(20);

  /** How long an answer, or a job that is to run, may take without a word. */
  private static final Duration QUIET = Duration.ofSeconds(2);

  private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);
  static final Set<String> OVER = Set.of("FAILED", "CANCELED", "FINISHED", "SUSPENDED");

  private final HttpClient http;
  private final URI url;
  private final Consumer<String> progress;

  public FlinkRest(URI url) {
    this(url, new Configuration(), line -> {});
  }

  /**
   * @param flink Flink's options, of which {@code security.ssl.rest.*} say with which key to speak
   *     TLS and whom to trust; unless they enable it, those decide that the JVM was started with
   * @param progress is told of a cluster that does not answer soon, and what a submitted job waits
   *     for, a line now and then
   */
  public FlinkRest(URI url, Configuration flink, Consumer<String> progress) {
    this.url = url;
    this.progress = progress;
    HttpClient.Builder client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10));
    if (SecurityOptions.isRestSSLEnabled(flink)) {
      client.sslContext(tls(flink));
    }
    this.http = client.build();
  }

  private static SSLContext tls(Configuration flink) {
    try {
      return SSLUtils.createRestSSLContext(flink, true);
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "security.ssl.rest.* name no key or truststore that can be used: " + e.getMessage(), e);
    }
  }

  /** Whether a job manager answers. */
  public boolean answers() {
    return taskManagers() >= 0;
  }

  /** How many task managers are registered; -1 if the cluster does not answer. */
  public int taskManagers() {
    try {
      return soon("/overview").path("taskmanagers").asInt();
    } catch (FlinkRestException e) {
      return -1;
    }
  }

  /**
   * By name of each task manager that is registered where it can be reached, which differs from one
   * start of it to the next; empty if the cluster does not answer.
   */
  Optional<Map<String, String>> registered() {
    Map<String, String> registered = new HashMap<>();
    try {
      for (JsonNode one : soon("/taskmanagers").path("taskmanagers")) {
        registered.put(
            one.path("id").asText(),
            one.path("path").asText() + " " + one.path("dataPort").asText());
      }
      return Optional.of(registered);
    } catch (FlinkRestException e) {
      return Optional.empty();
    }
  }

  /**
   * Uploads a jar, runs a class of it, and waits until every task of its job runs.
   *
   * @param savepoint where to resume; null starts anew
   * @return the job's id
   * @throws FlinkRestException if the cluster refuses, or the job ends before it ran; where it only
   *     takes too long, it is still there
   */
  public String submit(
      Path jar, String entryClass, List<String> arguments, @Nullable String savepoint) {
    return submit(jar, entryClass, arguments, savepoint, newJobId());
  }

  /** The same under an id of the caller's: the cluster takes no second job under it. */
  public String submit(
      Path jar, String entryClass, List<String> arguments, @Nullable String savepoint, String id) {
    String uploaded = upload(jar);
    try {
      ObjectNode body = JSON.createObjectNode().put("entryClass", entryClass).put("jobId", id);
      arguments.forEach(body.putArray("programArgsList")::add);
      if (savepoint != null) {
        body.put("savepointPath", savepoint);
      }
      String job = post("/jars/" + uploaded + "/run", body).path("jobid").asText();
      awaitRunning(job, QUIET, TIMEOUT);
      return job;
    } finally {
      send("DELETE", "/jars/" + uploaded);
    }
  }

  /** An id that no job has. */
  public static String newJobId() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  /** The job's state, such as {@code RUNNING}. */
  public String state(String job) {
    return job(job).path("state").asText();
  }

  /** All jobs that it knows, ended ones too; what began last comes first. */
  public List<FlinkJob> jobs() {
    JsonNode jobs = soon("/jobs/overview").path("jobs");
    return StreamSupport.stream(jobs.spliterator(), false)
        .sorted(Comparator.comparingLong(job -> -job.path("start-time").asLong()))
        .map(
            job ->
                new FlinkJob(
                    job.path("jid").asText(),
                    job.path("name").asText(),
                    job.path("state").asText(),
                    job.at("/tasks/total").asInt(),
                    job.at("/tasks/running").asInt() + job.at("/tasks/finished").asInt()))
        .toList();
  }

  /** The jobs of a name that are not over. */
  public List<FlinkJob> unfinished(String name) {
    return jobs().stream().filter(job -> job.name().equals(name) && !job.hasEnded()).toList();
  }

  /**
   * Stops a job with a savepoint, and says where that is. Two stops at once are one: Flink begins
   * what it has an id of once.
   */
  public String stop(String job) {
    int attempt = 0;
    while (hasFailed(job, stopId(job, attempt))) {
      attempt++;
    }
    String id = stopId(job, attempt);
    JsonNode unused =
        post(
            "/jobs/" + job + "/stop",
            JSON.createObjectNode().put("drain", false).put("triggerId", id));
    String path = savepoint(job, id);
    if (!Poll.until(TIMEOUT, () -> get(path).at("/status/id").asText().equals("COMPLETED"))) {
      throw new FlinkRestException("job " + job + " did not stop within " + TIMEOUT.toSeconds());
    }
    JsonNode operation = get(path).path("operation");
    if (operation.has("failure-cause")) {
      throw new FlinkRestException(
          "job %s did not stop: %s"
              .formatted(
                  job, FlinkErrors.cause(operation.at("/failure-cause/stack-trace").asText())));
    }
    return operation.path("location").asText();
  }

  private static String stopId(String job, int attempt) {
    String name = "stop " + job + " " + attempt;
    return UUID.nameUUIDFromBytes(name.getBytes(UTF_8)).toString().replace("-", "");
  }

  private static String savepoint(String job, String id) {
    return "/jobs/" + job + "/savepoints/" + id;
  }

  private boolean hasFailed(String job, String id) {
    try {
      return get(savepoint(job, id)).path("operation").has("failure-cause");
    } catch (FlinkRestException neverBegun) {
      return false;
    }
  }

  /** Ends a job and forgets its state; a cluster that was started for it alone ends with it. */
  public void cancel(String job) {
    send("PATCH", "/jobs/" + job + "?mode=cancel");
    Poll.until(TIMEOUT, () -> isGone(job));
  }

  private boolean isGone(String job) {
    try {
      return isOver(job);
    } catch (FlinkRestException gone) {
      return true;
    }
  }

  private boolean isOver(String job) {
    return OVER.contains(state(job));
  }

  /**
   * Waits until every task of a job runs.
   *
   * @param quiet how long nothing is told
   */
  void awaitRunning(String job, Duration quiet, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    boolean done = Poll.until(quiet, () -> isOver(job) || allRun(job));
    while (!done && System.nanoTime() - end < 0) {
      progress.accept(waiting(job));
      done = Poll.until(BETWEEN_LINES, () -> isOver(job) || allRun(job));
    }
    if (!done) {
      throw new FlinkRestException(
          "%s after %d s, expected all to run; it is still there: curl -X PATCH '%s' ends it"
              .formatted(
                  waiting(job),
                  patience.toSeconds(),
                  url.resolve("/jobs/" + job + "?mode=cancel")));
    }
    String state = state(job);
    if (!state.equals("RUNNING") && !state.equals("FINISHED")) {
      throw new FlinkRestException(
          "job " + job + " is " + state + ", expected RUNNING: " + FlinkErrors.cause(failure(job)));
    }
  }

  private String waiting(String job) {
    JsonNode known = job(job);
    int tasks = 0;
    int run = 0;
    for (JsonNode vertex : known.path("vertices")) {
      tasks += vertex.path("parallelism").asInt();
      run += vertex.at("/tasks/RUNNING").asInt() + vertex.at("/tasks/FINISHED").asInt();
    }
    JsonNode cluster = get("/overview");
    String failure = failure(job);
    return "job %s is %s%s, %d of %d tasks do not run, %d of %d slots are free"
        .formatted(
            job,
            known.path("state").asText(),
            failure.isEmpty() ? "" : " (" + FlinkErrors.cause(failure) + ")",
            tasks - run,
            tasks,
            cluster.path("slots-available").asInt(),
            cluster.path("slots-total").asInt());
  }

  /** The last failure of a job; empty if there was none. */
  public Optional<FlinkFailure> lastFailure(String job) {
    JsonNode last = lastException(job);
    return last.isMissingNode()
        ? Optional.empty()
        : Optional.of(
            new FlinkFailure(
                Instant.ofEpochMilli(last.path("timestamp").asLong())
                    .truncatedTo(ChronoUnit.SECONDS)
                    .toString(),
                FlinkErrors.causes(last.path("stacktrace").asText()),
                FlinkErrors.isStateRefused(last.path("stacktrace").asText())));
  }

  /**
   * What the last job of a kind failed with, if it is over because it refused the state that it was
   * to go on from.
   *
   * @param jobs as {@link #jobs} gives them
   * @param state a savepoint, or a job's folder of checkpoints: of other state nothing is told
   */
  public Optional<FlinkFailure> refused(List<FlinkJob> jobs, String kind, Path state) {
    return jobs.stream()
        .filter(job -> job.name().endsWith("-" + kind))
        .findFirst()
        .filter(FlinkJob::hasEnded)
        .filter(job -> completedCheckpoints(job.id()) == 0) // else it has opened its state
        .filter(job -> liesIn(state, restored(job.id())))
        .flatMap(job -> lastFailure(job.id()))
        .filter(FlinkFailure::stateRefused);
  }

  private long completedCheckpoints(String job) {
    return get("/jobs/" + job + "/checkpoints").at("/counts/completed").asLong();
  }

  /** Where the state lies that a job went on from last; empty if it began from nothing. */
  String restored(String job) {
    return get("/jobs/" + job + "/checkpoints").at("/latest/restored/external_path").asText();
  }

  private static boolean liesIn(Path state, String uri) {
    return !uri.isEmpty()
        && Path.of(new org.apache.flink.core.fs.Path(uri).getPath()).startsWith(state);
  }

  /** The stack trace of the last failure, if there was one. */
  private String failure(String job) {
    return lastException(job).path("stacktrace").asText();
  }

  private JsonNode lastException(String job) {
    return get("/jobs/" + job + "/exceptions").at("/exceptionHistory/entries/0");
  }

  /** Whether the job and every task of it runs. */
  public boolean runs(String job) {
    return state(job).equals("RUNNING") && allRun(job);
  }

  /** Whether a task of the job restores its state. */
  public boolean restores(String job) {
    JsonNode vertices = job(job).path("vertices");
    return StreamSupport.stream(vertices.spliterator(), false)
        .anyMatch(vertex -> vertex.at("/tasks/INITIALIZING").asInt() > 0);
  }

  /** How long ago the job was submitted. */
  public Duration age(String job) {
    return Duration.ofMillis(job(job).path("duration").asLong());
  }

  private boolean allRun(String job) {
    JsonNode vertices = job(job).path("vertices");
    return !vertices.isEmpty()
        && StreamSupport.stream(vertices.spliterator(), false)
            .map(vertex -> vertex.path("status").asText())
            .allMatch(status -> status.equals("RUNNING") || status.equals("FINISHED"));
  }

  private String upload(Path jar) {
    String boundary = "millrace-" + UUID.randomUUID();
    String head =
        "--%s\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"%s\"\r\nContent-Type: application/java-archive\r\n\r\n"
            .formatted(boundary, jar.getFileName());
    try {
      BodyPublisher body =
          BodyPublishers.concat(
              BodyPublishers.ofString(head),
              BodyPublishers.ofFile(jar),
              BodyPublishers.ofString("\r\n--" + boundary + "--\r\n"));
      JsonNode answer =
          send("POST", "/jars/upload", body, "multipart/form-data; boundary=" + boundary);
      return String.valueOf(Path.of(answer.path("filename").asText()).getFileName());
    } catch (IOException e) {
      throw new UncheckedIOException("no job jar at " + jar + "; build it first", e);
    }
  }

  private JsonNode post(String path, JsonNode body) {
    return send("POST", path, BodyPublishers.ofString(body.toString()), "application/json");
  }

  private JsonNode job(String id) {
    return get("/jobs/" + id);
  }

  private JsonNode get(String path) {
    return send("GET", path);
  }

  private JsonNode send(String method, String path) {
    return send(method, path, BodyPublishers.noBody(), "application/json");
  }

  private JsonNode send(String method, String path, BodyPublisher body, String type) {
    return send(request(path, TIMEOUT).header("Content-Type", type).method(method, body).build());
  }

  private HttpRequest.Builder request(String path, Duration patience) {
    return HttpRequest.newBuilder(url.resolve(path)).timeout(patience);
  }

  /** What a cluster that works answers soon; one that does not is waited for with a word. */
  private JsonNode soon(String path) {
    CompletableFuture<Void> late =
        CompletableFuture.runAsync(
            () ->
                progress.accept(
                    "Flink at %s has not answered in %d s, waiting %d s for it"
                        .formatted(url, QUIET.toSeconds(), SOON.toSeconds())),
            CompletableFuture.delayedExecutor(QUIET.toMillis(), TimeUnit.MILLISECONDS));
    try {
      return send(request(path, SOON).GET().build());
    } finally {
      late.cancel(false);
    }
  }

  private JsonNode send(HttpRequest request) {
    try {
      var response = WholeAnswer.of(http, request);
      Optional<String> elsewhere = response.headers().firstValue("Location");
      if (response.statusCode() / 100 == 3 && elsewhere.isPresent()) {
        throw new FlinkRestException(
            "the cluster at %s refers to %s, expected that address"
                .formatted(url, elsewhere.get()));
      }
      if (response.statusCode() >= 300) {
        throw new FlinkRestException(
            "the cluster at " + url + " refused: " + FlinkErrors.explain(response.body()));
      }
      return JSON.readTree(response.body().isEmpty() ? "{}" : response.body());
    } catch (JsonProcessingException e) {
      throw new FlinkRestException(
          "what answers at %s is not Flink, expected the REST address of a job manager"
              .formatted(url),
          e);
    } catch (SSLException e) {
      throw new FlinkRestException(
          "no TLS with the cluster at %s: %s; expected a key that it trusts and a truststore that trusts it, see --flink-conf"
              .formatted(url, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new FlinkRestException(
          "no Flink cluster answers at %s, expected the REST address of a job manager%s"
              .formatted(url, e.getMessage() == null ? "" : ": " + e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FlinkRestException("interrupted while asking " + url, e);
    }
  }
}
