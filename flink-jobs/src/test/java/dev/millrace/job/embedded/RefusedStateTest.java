package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.align.AlignmentState;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.MemoryLimits;
import dev.millrace.model.score.Readers;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.apache.flink.util.StateMigrationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Of what only operators refuse, their own tests ask. */
class RefusedStateTest {

  @Test
  void isRecognised_stateOfAnotherVersion_byWhoeverReadsIt() {
    Readers readers = new Readers("base", "");
    assertRecognised(
        true, () -> DomainMemory.fromBytes(new byte[] {99}, MemoryLimits.defaults(), readers));
    assertRecognised(true, () -> AlignmentState.fromBytes(new byte[] {0, 0, 0, 99}));
    assertRecognised(true, () -> LearnerState.fromBytes(learner(99, 0)));
    assertRecognised(
        true,
        () -> {
          throw new StateMigrationException("the new serializer is incompatible");
        });
  }

  /** An older checkpoint may be whole. */
  @Test
  void isRecognised_stateThatIsDamaged_isNotRefusedForGood() {
    assertRecognised(false, () -> LearnerState.fromBytes(learner(99, 1)));
  }

  private static void assertRecognised(boolean recognised, Executable read) {
    Exception thrown = assertThrows(Exception.class, read);
    assertEquals(recognised, RefusedState.isRecognised(thrown), thrown::toString);
  }

  /** A learner's state that begins so, and whose checksum is wrong by as much. */
  private static byte[] learner(int version, int wrong) {
    ByteBuffer bytes = ByteBuffer.allocate(3 * Integer.BYTES);
    bytes.put("MLRS".getBytes(US_ASCII)).putInt(version);
    CRC32C sum = new CRC32C();
    sum.update(bytes.array(), 0, bytes.position());
    return bytes.putInt((int) sum.getValue() + wrong).array();
  }
}
