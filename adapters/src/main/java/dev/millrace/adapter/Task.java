package dev.millrace.adapter;

import dev.millrace.adapter.gate.LessonText;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.TrainingBatch;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is to be trained.
 *
 * @param before the state to train from, new held-out samples included
 * @param incumbent what serves of it
 * @param texts of the lesson that were read
 * @param known what was found before, and stands first in the verdict
 * @param shared what answers a tenant in its place; null if nothing does, or it cannot be read
 */
record Task(
    LearnerState before,
    Served incumbent,
    TrainingBatch batch,
    Lesson lesson,
    List<LessonText> texts,
    List<RuleResult> known,
    @Nullable Served shared) {

  /** The same, with what was found since. */
  Task knowing(RuleResult result) {
    List<RuleResult> all = Stream.concat(known.stream(), Stream.of(result)).toList();
    return new Task(before, incumbent, batch, lesson, texts, all, shared);
  }

  /** The same batch, of which nothing is to be trained. */
  Task withoutLesson() {
    Lesson nothing = new Lesson(List.of(), List.of(), List.of(), lesson.seed());
    return new Task(before, incumbent, batch, nothing, List.of(), known, shared);
  }
}
