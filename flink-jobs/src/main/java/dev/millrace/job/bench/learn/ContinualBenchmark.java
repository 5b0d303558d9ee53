package dev.millrace.job.bench.learn;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What is still known of each domain after all of them were taught, twice, one after the other. */
public final class ContinualBenchmark implements Benchmark {

  private static final int VISITS = 2;
  private static final int BATCH = 16;
  private static final int EXAM = 20;
  private static final int LARGE = 3;

  @Override
  public List<Table> run(Setting setting) throws Exception {
    try (BaseModel base = setting.base();
        Tokenizer tokenizer = setting.tokenizer();
        TempDirectory scratch = TempDirectory.create()) {
      int scale = setting.large() ? LARGE : 1;
      Course course =
          new Course(
              tokenizer, setting.seed(), VISITS, setting.rounds(), scale * BATCH, scale * EXAM);
      School school =
          new School(base, tokenizer, setting.nano(), scratch.resolve("store"), setting.seed());
      List<Table> tables = new ArrayList<>(domains(setting, course, school));
      tables.add(new Drift(school, course, setting.progress()).table());
      return tables;
    }
  }

  private static List<Table> domains(Setting setting, Course course, School school)
      throws Exception {
    List<String> order = setting.order().isEmpty() ? Course.ORDER : setting.order();
    List<Subject> subjects = order.stream().map(course::subject).toList();
    double[] base = school.base(subjects);
    ShippedPupil shipped = school.shipped();
    SharedPupil holding = school.holding(subjects);
    Map<Pupil, Retention> kept = new LinkedHashMap<>();
    List<Callable<Map<Pupil, Retention>>> courses = new ArrayList<>();
    courses.add(() -> teach(List.of(shipped, shipped.assigning()), subjects, base, setting));
    courses.add(() -> teach(List.of(school.sequential()), subjects, base, setting));
    courses.add(() -> teach(List.of(school.replaying(subjects)), subjects, base, setting));
    courses.add(() -> teach(List.of(holding, holding.averaging()), subjects, base, setting));
    courses.add(() -> together(school, subjects, base, setting));
    ExecutorService threads =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      for (Future<Map<Pupil, Retention>> one : threads.invokeAll(courses)) {
        kept.putAll(one.get());
      }
    } finally {
      threads.shutdownNow();
    }
    ContinualTables tables = new ContinualTables(subjects, base, kept);
    List<Table> all = new ArrayList<>();
    all.add(tables.summary(school.remembered(subjects)).note(shipped.verdicts() + "."));
    all.add(new Assignments(school, subjects, shipped).table());
    all.addAll(tables.matrices());
    return all;
  }

  /** Teaches every subject in each visit; the first pupil learns, all are examined. */
  static Map<Pupil, Retention> teach(
      List<Pupil> pupils, List<Subject> subjects, double[] base, Setting setting) {
    Map<Pupil, Retention> kept = new LinkedHashMap<>();
    pupils.forEach(pupil -> kept.put(pupil, Retention.begin(base)));
    for (int visit = 0; visit < VISITS; visit++) {
      for (int subject = 0; subject < subjects.size(); subject++) {
        pupils.get(0).learn(subjects.get(subject), visit);
        int taught = subject;
        kept.replaceAll((pupil, before) -> before.after(taught, School.exam(pupil, subjects)));
        setting.tell(
            "%s: visit %d of %s", pupils.get(0).name(), visit + 1, subjects.get(subject).domain());
      }
    }
    return kept;
  }

  private static Map<Pupil, Retention> together(
      School school, List<Subject> subjects, double[] base, Setting setting) {
    SharedPupil pupil = school.joint();
    int batches = school.teachAtOnce(pupil, subjects);
    setting.progress().accept(pupil.name() + ": " + batches + " batches");
    double[] exam = School.exam(pupil, subjects);
    Retention kept = Retention.begin(base);
    for (int subject = 0; subject < subjects.size(); subject++) {
      kept = kept.after(subject, exam);
    }
    return Map.of(pupil, kept);
  }
}
