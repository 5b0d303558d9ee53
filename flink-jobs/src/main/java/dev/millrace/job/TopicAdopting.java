package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.adapter.Adopter;
import dev.millrace.adapter.Adoption;
import dev.millrace.adapter.Proposal;
import dev.millrace.adapter.Surroundings;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Release;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.Scored;
import dev.millrace.model.swap.ReleaseLines;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Judges by the newest held-out samples that the topic holds, as the learn job's scorer would let
 * them pass, and writes verdict and event to the topics. The base is opened when first needed.
 */
public final class TopicAdopting implements Adopting {

  /** Samples of each partition that are looked through, the newest. */
  private static final long SAMPLES = 50_000;

  private final MillraceConfig config;
  private final Topics topics;
  private final Opener<AdoptionParts> opener;
  private @Nullable Opened<AdoptionParts> opened;

  public TopicAdopting(MillraceConfig config, Opener<AdoptionParts> opener) {
    this.config = config;
    this.topics = new Topics(config.kafka().prefix());
    this.opener = opener;
  }

  @Override
  public synchronized Verdict adopt(@Nullable String tenant, String domain, Path folder)
      throws IOException {
    if (!Files.isDirectory(folder)) { // nothing is opened for it
      throw new InvalidAdapterException(folder + " is no folder here, expected an adapter's");
    }
    AdoptionParts parts = parts();
    Proposal proposal =
        new Proposal(
            tenant,
            domain,
            AdapterFolder.read(folder, parts.surroundings().base().sites()),
            folder.toString());
    Adoption adoption =
        parts
            .adopter()
            .adopt(
                proposal,
                () -> now(parts.surroundings(), proposal),
                () -> heldOut(parts, proposal));
    write(adoption);
    return adoption.verdict();
  }

  private AdoptionParts parts() throws IOException {
    if (opened == null) {
      try {
        opened = opener.open(0);
      } catch (IllegalArgumentException e) { // its configuration is refused
        throw new UnsupportedOperationException(e.getMessage(), e);
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException("the base cannot be opened", e);
      }
    }
    return opened.value();
  }

  private Adopter.Now now(Surroundings surroundings, Proposal proposal) throws IOException {
    ReleaseLine own =
        new ReleaseLine(proposal.tenant(), proposal.domain(), ReleaseEvent.Kind.ADAPTER);
    ReleaseLine shared = new ReleaseLine(null, own.domain(), own.kind());
    ReleaseLines lines = lines(List.of(own, shared));
    Release release = answering(surroundings, lines.followed().get(own));
    boolean alone = own.tenant() == null || release != null;
    return new Adopter.Now(
        release,
        lines.held().contains(own),
        alone ? null : answering(surroundings, lines.followed().get(shared)));
  }

  private ReleaseLines lines(List<ReleaseLine> wanted) {
    try (RecordReader reader =
        RecordReader.fromBeginning(config.kafka(), List.of(topics.releases()))) {
      return ReleaseLines.of(
          reader.readToEnd(Codecs.releases(), event -> wanted.contains(event.line())));
    }
  }

  /** What answers: while a release is on trial, or a shadow, the one before it. */
  private static @Nullable Release answering(
      Surroundings surroundings, @Nullable ReleaseEvent event) throws IOException {
    if (event == null || event.answering().isEmpty()) {
      return null;
    }
    try {
      return surroundings.answering(event);
    } catch (InvalidReleaseException e) {
      throw new InvalidReleaseException(
          "release %s answers for domain %s, and nothing can be judged beside it: %s"
              .formatted(event.answering(), event.domain(), e.getMessage()),
          e);
    }
  }

  /** As many as the learn job would remember; the order on the topic is that of the scorer. */
  private List<ScoredSample> heldOut(AdoptionParts parts, Proposal proposal) {
    List<Sample> samples;
    try (RecordReader reader =
        RecordReader.fromLast(config.kafka(), List.of(topics.samples()), SAMPLES)) {
      samples =
          reader.readToEnd(
              Codecs.samples(),
              sample ->
                  proposal.domain().equals(sample.domain())
                      && Objects.equals(sample.tenant(), proposal.tenant())
                      && parts
                          .heldOut()
                          .contains(sample.tenant(), proposal.domain(), sample.document()));
    }
    return newest(accepted(parts, newest(samples, 2 * config.learn().heldOut())));
  }

  private List<ScoredSample> accepted(AdoptionParts parts, List<Sample> samples) {
    DomainMemory memory = DomainMemory.empty(config.score().memory(), parts.scorer().readers());
    List<ScoredSample> accepted = new ArrayList<>();
    for (Sample sample : samples) {
      if (parts.scorer().score(sample, memory) instanceof Scored.Accepted passed) {
        accepted.add(passed.sample());
      }
    }
    return accepted;
  }

  private List<ScoredSample> newest(List<ScoredSample> samples) {
    return newest(samples, config.learn().heldOut());
  }

  private static <T> List<T> newest(List<T> all, int most) {
    return all.subList(Math.max(0, all.size() - most), all.size());
  }

  private void write(Adoption adoption) throws IOException {
    ReleaseEvent event = adoption.release();
    Verdict verdict = adoption.verdict();
    try (RecordWriter writer = new RecordWriter(config.kafka())) {
      writer
          .append(
              topics.verdicts(),
              new String(Keys.of(verdict), UTF_8),
              Codecs.verdicts().encode(verdict))
          .join();
      if (event != null) {
        ReleaseRecords.append(writer, topics, event).join();
      }
    } catch (CompletionException e) {
      throw new IOException("the broker did not take the verdict or the release", e);
    }
  }

  @Override
  public synchronized void close() {
    if (opened != null) {
      try {
        opened.close();
      } catch (Exception e) {
        throw new IllegalStateException("the base could not be closed", e);
      }
      opened = null;
    }
  }
}
