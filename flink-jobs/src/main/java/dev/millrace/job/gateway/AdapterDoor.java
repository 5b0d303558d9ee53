package dev.millrace.job.gateway;

import dev.millrace.job.Adopting;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.ErrorLine;
import dev.millrace.schema.wire.Names;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** Loads and unloads adapters as vLLM's clients ask for it; what is loaded passes the gate. */
final class AdapterDoor implements AutoCloseable {

  private final Adopting adopting;
  private final Catalogue catalogue;
  private final RecordWriter writer;
  private final Topics topics;

  /** One folder is judged at a time. */
  private final ExecutorService judging =
      Executors.newSingleThreadExecutor(new DaemonThreads("millrace-adopt"));

  AdapterDoor(Adopting adopting, Catalogue catalogue, RecordWriter writer, Topics topics) {
    this.adopting = adopting;
    this.catalogue = catalogue;
    this.writer = writer;
    this.topics = topics;
  }

  /**
   * Takes a folder of this machine through the gate; the future fails with an {@link ApiProblem}.
   *
   * @throws ApiProblem if the caller may not, or the fields are not vLLM's
   */
  CompletableFuture<Verdict> load(ApiKeys.Caller caller, Fields fields) {
    caller.requireOperator();
    String domain = fields.text("lora_name");
    if (!Names.isDomain(domain)) {
      throw ApiProblem.badField("lora_name", '"' + domain + '"', Names.EXPECTED_DOMAIN);
    }
    Path folder = folder(fields.text("lora_path"));
    fields.ignore("base_model_name", "load_inplace");
    fields.requireNoOther();
    return CompletableFuture.supplyAsync(() -> judge(caller, domain, folder), judging);
  }

  private static Path folder(String path) {
    try {
      return Path.of(path);
    } catch (InvalidPathException e) {
      throw ApiProblem.badField("lora_path", '"' + path + '"', "a folder of the gateway's machine");
    }
  }

  private Verdict judge(ApiKeys.Caller caller, String domain, Path folder) {
    Verdict verdict;
    try {
      verdict = adopting.adopt(caller.tenant(), domain, folder);
    } catch (UnsupportedOperationException e) {
      throw ApiProblem.bad("adapters_unavailable", String.valueOf(e.getMessage()));
    } catch (InvalidAdapterException | InvalidReleaseException e) {
      throw ApiProblem.bad("invalid_adapter", String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw ApiProblem.unavailable("the adapter was not judged: " + ErrorLine.of(e));
    }
    if (!verdict.accepted()) {
      throw ApiProblem.refusedByGate(reasons(verdict));
    }
    return verdict;
  }

  private static String reasons(Verdict verdict) {
    return verdict.rules().stream()
        .filter(rule -> !rule.passed())
        .map(AdapterDoor::reason)
        .collect(Collectors.joining("; "));
  }

  private static String reason(RuleResult rule) {
    return rule.rule() + ": " + rule.reason();
  }

  /**
   * Takes a domain back to the base alone.
   *
   * @throws ApiProblem if the caller may not, or the domain has no release
   */
  CompletableFuture<Origin> unload(ApiKeys.Caller caller, Fields fields) {
    caller.requireOperator();
    String domain = fields.text("lora_name");
    fields.ignore("lora_int_id");
    fields.requireNoOther();
    ReleaseEvent current =
        catalogue
            .own(caller.tenant(), domain)
            .orElseThrow(() -> ApiProblem.noModel("domain " + domain + " has no release"));
    return Operating.write(writer, topics, current.backToBase("unloaded by an operator"));
  }

  /** Lets the folder that is being judged come to its end. */
  @Override
  public void close() {
    DaemonThreads.end(judging); // what is under way uses the base, which is closed next
  }
}
