package dev.millrace.job.sql;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.schema.Request;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;
import org.apache.flink.table.types.logical.LogicalTypeFamily;

/**
 * {@code CREATE MODEL … WITH ('provider' = 'millrace', …)}: what is asked, and keys of {@link
 * MillraceConfig} for where the base, the releases and the cache are.
 */
public final class MillraceModelFactory implements ModelProviderFactory {

  private static final String PROVIDER = "millrace";

  /** What a model here needs to know of the configuration. */
  private static final String[] SECTIONS = {"kafka.", "base.", "redis.", "store.", "serve."};

  private static final ConfigOption<String> DOMAIN = text("domain");
  private static final ConfigOption<String> TENANT = text("tenant");
  private static final ConfigOption<String> RELEASE = text("release");
  private static final ConfigOption<String> STOP = text("stop");
  private static final ConfigOption<Request.Task> TASK =
      ConfigOptions.key("task").enumType(Request.Task.class).defaultValue(Request.Task.GENERATE);
  private static final ConfigOption<Integer> MAX_TOKENS =
      ConfigOptions.key("max-tokens").intType().defaultValue(32);
  private static final ConfigOption<Double> TEMPERATURE =
      ConfigOptions.key("temperature").doubleType().defaultValue(0.0);
  private static final ConfigOption<Integer> TOP_K =
      ConfigOptions.key("top-k").intType().defaultValue(0);
  private static final ConfigOption<Double> TOP_P =
      ConfigOptions.key("top-p").doubleType().defaultValue(1.0);
  private static final ConfigOption<Long> SEED =
      ConfigOptions.key("seed").longType().defaultValue(0L);

  private static ConfigOption<String> text(String key) {
    return ConfigOptions.key(key).stringType().noDefaultValue();
  }

  @Override
  public String factoryIdentifier() {
    return PROVIDER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(DOMAIN, TENANT, RELEASE, STOP, TASK, MAX_TOKENS, TEMPERATURE, TOP_K, TOP_P, SEED);
  }

  @Override
  public ModelProvider createModelProvider(Context context) {
    var helper = FactoryUtil.createModelProviderFactoryHelper(this, context);
    helper.validateExcept(SECTIONS);
    ResolvedCatalogModel model = context.getCatalogModel();
    requireOneText(model.getResolvedInputSchema());
    Question question = question(helper.getOptions());
    question.requireAnswerable();
    return new MillraceModel(
        config(model.getOptions()), question, AnswerColumn.of(model.getResolvedOutputSchema()));
  }

  private static Question question(ReadableConfig options) {
    return new Question(
        options.get(TENANT),
        options.get(DOMAIN),
        options.get(RELEASE),
        options.get(TASK),
        options.get(MAX_TOKENS),
        options.get(TEMPERATURE),
        options.get(TOP_K),
        options.get(TOP_P),
        options.get(SEED),
        options.get(STOP));
  }

  private static MillraceConfig config(Map<String, String> options) {
    Map<String, String> settings = new TreeMap<>();
    for (String section : SECTIONS) {
      options.forEach(
          (key, value) -> {
            if (key.startsWith(section)) {
              settings.put(key, value);
            }
          });
    }
    return MillraceConfig.defaults().with(settings);
  }

  private static void requireOneText(ResolvedSchema input) {
    List<String> columns = input.getColumnNames();
    boolean text =
        columns.size() == 1
            && input
                .getColumnDataTypes()
                .get(0)
                .getLogicalType()
                .is(LogicalTypeFamily.CHARACTER_STRING);
    if (!text) {
      throw new ValidationException(
          "input is " + input.getColumns() + ", expected one column of type STRING");
    }
  }
}
