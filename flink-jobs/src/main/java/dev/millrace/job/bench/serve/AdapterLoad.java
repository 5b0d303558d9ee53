package dev.millrace.job.bench.serve;

import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.HotCounts;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;

/** Requests to nano by releases of many domains, of which a part stays in memory. */
final class AdapterLoad implements AutoCloseable {

  private static final int PROMPTS = 64;
  private static final int RANK = 8;

  private final TempDirectory scratch;
  private final NanoParts nano;
  private final SwapReleases releases;
  private final List<ReleaseEvent> events = new ArrayList<>();
  private final Deque<Runnable> servers = new ArrayDeque<>();

  /** Publishes a release of each of so many domains. */
  AdapterLoad(Path folder, int domains) throws IOException, NoSuchAlgorithmException {
    scratch = TempDirectory.create();
    nano = NanoParts.open(folder);
    releases = new SwapReleases(nano.base(), scratch.resolve("store"));
    for (int i = 0; i < domains; i++) {
      events.add(releases.publish(releases.draft("domain-" + i, RANK, i)));
    }
  }

  /** Serves all domains with so much memory for their adapters; closed with this. */
  Server server(long hotBytes) {
    LiveReleases live =
        LiveReleases.of(
            nano.base(), releases.source(), SwapConfig.defaults().withHotBytes(hotBytes));
    servers.push(live::close);
    for (ReleaseEvent event : events) {
      SwapResult result = live.restore(event, System.currentTimeMillis()).join();
      if (result.outcome() != SwapResult.Outcome.SWAPPED) {
        throw new IllegalStateException("a release is not current: " + result.reason());
      }
    }
    Responder responder = nano.responder(live);
    servers.push(responder::close);
    return new Server(live, responder);
  }

  /** What a request asks for. */
  enum Kind {
    /** Judges 48 tokens. */
    SCORE(48, 0),
    /** Reads 16 tokens, adds 16. */
    GENERATE(16, 16);

    private final int promptTokens;
    private final int newTokens;

    Kind(int promptTokens, int newTokens) {
      this.promptTokens = promptTokens;
      this.newTokens = newTokens;
    }
  }

  /** Some prompts of a kind; the seed draws them. */
  List<String> prompts(Kind kind, long seed) {
    Random random = new Random(seed);
    List<String> drawn = new ArrayList<>();
    for (int i = 0; i < PROMPTS; i++) {
      drawn.add(nano.prompt(kind.promptTokens, random));
    }
    return drawn;
  }

  /** A subtask. */
  final class Server {

    private final LiveReleases live;
    private final Responder responder;

    Server(LiveReleases live, Responder responder) {
      this.live = live;
      this.responder = responder;
    }

    HotCounts counts() {
      return live.counts();
    }

    /** Has so many adapters asked for, and none used. */
    void touch(int times, IntSupplier domain) {
      for (int i = 0; i < times; i++) {
        live.acquire(null, "domain-" + domain.getAsInt()).join().close();
      }
    }

    /**
     * Asks so often, with so many at a time at the model, as the operator does: what waits for an
     * adapter is not one of them.
     */
    int ask(int requests, int atATime, Kind kind, List<String> prompts, IntSupplier domain)
        throws InterruptedException {
      int[] asked = new int[requests];
      int submitted = 0;
      for (int open = 0, done = 0; done < requests; ) {
        while (submitted < requests
            && open - responder.fetching().size() < atATime
            && open < 16 * atATime) {
          asked[submitted] = domain.getAsInt();
          String prompt = prompts.get(submitted % prompts.size());
          responder.submit(submitted, request(kind, prompt, asked[submitted]));
          submitted++;
          open++;
        }
        for (Answered answered : responder.step()) {
          require(answered, asked[(int) answered.ticket()]);
          open--;
          done++;
        }
      }
      return requests;
    }

    private void require(Answered answered, int domain) {
      String expected = events.get(domain).release();
      if (!expected.equals(answered.answer().release()) || answered.answer().error() != null) {
        throw new IllegalStateException(
            "answered by %s, %s, expected %s"
                .formatted(answered.answer().release(), answered.answer().error(), expected));
      }
    }
  }

  private static Request request(Kind kind, String prompt, int domain) {
    return Request.builder("q", kind == Kind.SCORE ? Task.SCORE : Task.GENERATE, prompt)
        .domain("domain-" + domain)
        .maxTokens(kind.newTokens)
        .cached(false)
        .build();
  }

  @Override
  public void close() throws IOException {
    servers.forEach(Runnable::run);
    nano.close();
    scratch.close();
  }
}
