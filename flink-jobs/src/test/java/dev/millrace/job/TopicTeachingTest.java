package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.millrace.job.config.CompressConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.distil.Beginning;
import dev.millrace.model.distil.Distillation;
import dev.millrace.model.distil.Student;
import dev.millrace.model.djl.StudentTrainer;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TopicTeachingTest {

  /** A later version may cut another one: the state of the one before is of no use to it. */
  @Test
  void name_anotherShapeOfTheSameFactor_isOfAnotherRun() throws IOException {
    MoeConfig shape = MoeConfigs.read(NanoReleases.NANO.resolve("config.json"));
    String name = name(MillraceConfig.defaults().compress(), shape);
    assertEquals(name, name(MillraceConfig.defaults().compress(), shape));
    assertNotEquals(name, name(MillraceConfig.defaults().compress(), shape.withTiedEmbeddings()));
  }

  private static String name(CompressConfig compress, MoeConfig shape) {
    Distillation.Plan plan =
        Distillation.Plan.of(
            1, new StudentTrainer.Objective(1, 1), true, new Student(shape, Beginning.CUT), 1);
    return TopicTeaching.name("base", compress, shape, plan, new int[] {1, 2});
  }
}
