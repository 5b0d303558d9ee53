package dev.millrace.adapter;

import dev.millrace.adapter.gate.LessonText;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.TrainingBatch;
import java.util.List;
import java.util.stream.Stream;

/**
 * A batch and what training made of it.
 *
 * @param before the state that training started from, new held-out samples included
 * @param known what was found before it was trained, and stands first in its verdict
 * @param tried whether it would first be tried
 * @param anchors how many times as much they weighed as the configuration has it
 * @param repairs passes of anchors alone that followed
 * @param texts of the lesson that were read before
 * @param routing that it trained under and would serve with
 */
record Trained(
    TrainingBatch batch,
    LearnerState before,
    Lesson lesson,
    List<RuleResult> known,
    boolean tried,
    double anchors,
    int repairs,
    List<LessonText> texts,
    Routing routing,
    Training training,
    long millis) {

  /** The same after a pass of anchors alone. */
  Trained then(Training repair, long more) {
    return new Trained(
        batch,
        before,
        lesson,
        known,
        tried,
        anchors,
        repairs + 1,
        texts,
        routing,
        training.then(repair),
        millis + more);
  }

  /** The same, with what was found of the repairs. */
  Trained knowing(RuleResult result) {
    List<RuleResult> all = Stream.concat(known.stream(), Stream.of(result)).toList();
    return new Trained(
        batch, before, lesson, all, tried, anchors, repairs, texts, routing, training, millis);
  }
}
