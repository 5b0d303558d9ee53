package dev.millrace.job.operator;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.OperatorSnapshotUtil;

/**
 * What operators have written into savepoints, as committed code did. Flink restores state by its
 * names and serializers: a state under another name is lost without a word, so tests go on from
 * these files.
 *
 * <p>Who changes what is in them so that it does not open any more says so in CHANGELOG.md, and
 * writes them anew: {@code ./mvnw -pl flink-jobs -am test -Dtest='*OperatorTest,BatchFunctionTest'
 * -Dmillrace.write=true -Dsurefire.failIfNoSpecifiedTests=false}.
 */
public final class GoldenState {

  private static final Path FOLDER =
      Path.of("src", "test", "resources", "dev", "millrace", "job", "operator", "state");

  private GoldenState() {}

  /**
   * The committed state of an operator.
   *
   * @param made what its test writes with {@code -Dmillrace.write=true}
   */
  public static OperatorSubtaskState of(String operator, Callable<OperatorSubtaskState> made)
      throws Exception {
    if (Boolean.getBoolean("millrace.write")) {
      Files.createDirectories(FOLDER);
      OperatorSnapshotUtil.writeStateHandle(made.call(), file(operator));
    }
    return committed(operator);
  }

  public static OperatorSubtaskState committed(String operator) throws Exception {
    return OperatorSnapshotUtil.readStateHandle(file(operator));
  }

  private static String file(String operator) {
    return FOLDER.resolve(operator + ".bin").toString();
  }
}
