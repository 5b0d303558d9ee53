package dev.millrace.adapter;

import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Training;
import dev.millrace.schema.TrainingBatch;

/**
 * A batch and what training made of it.
 *
 * @param before the state that training started from, new held-out samples included
 */
record Trained(
    TrainingBatch batch, LearnerState before, Lesson lesson, Training training, long millis) {}
