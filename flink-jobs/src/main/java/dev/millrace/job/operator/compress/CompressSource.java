package dev.millrace.job.operator.compress;

import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.Opener;
import dev.millrace.schema.Verdict;
import java.util.List;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.jspecify.annotations.Nullable;

/**
 * One verdict, on the student that is taught meanwhile. A source, because an operator that works at
 * the end of its input takes no checkpoint until it is done. Of parallelism 1.
 */
public final class CompressSource implements Source<Verdict, Chosen, Chosen> {

  private static final long serialVersionUID = 1;

  private final Opener<Teaching> teachings;
  private final Courtesy courtesy;

  /**
   * @param courtesy how it gives way to answers
   */
  public CompressSource(Opener<Teaching> teachings, Courtesy courtesy) {
    this.teachings = teachings;
    this.courtesy = courtesy;
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.BOUNDED;
  }

  @Override
  public SourceReader<Verdict, Chosen> createReader(SourceReaderContext context) {
    return new CompressReader(context, teachings, courtesy);
  }

  @Override
  public SplitEnumerator<Chosen, Chosen> createEnumerator(SplitEnumeratorContext<Chosen> context) {
    return new NothingToAssign();
  }

  @Override
  public SplitEnumerator<Chosen, Chosen> restoreEnumerator(
      SplitEnumeratorContext<Chosen> context, Chosen nothing) {
    return new NothingToAssign();
  }

  @Override
  public SimpleVersionedSerializer<Chosen> getSplitSerializer() {
    return new ChosenSerializer();
  }

  @Override
  public SimpleVersionedSerializer<Chosen> getEnumeratorCheckpointSerializer() {
    return new ChosenSerializer();
  }

  /** The reader chooses by itself. */
  private static final class NothingToAssign implements SplitEnumerator<Chosen, Chosen> {

    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, @Nullable String host) {}

    @Override
    public void addSplitsBack(List<Chosen> splits, int subtask) {}

    @Override
    public void addReader(int subtask) {}

    @Override
    public Chosen snapshotState(long checkpoint) {
      return new Chosen(List.of());
    }

    @Override
    public void close() {}
  }
}
