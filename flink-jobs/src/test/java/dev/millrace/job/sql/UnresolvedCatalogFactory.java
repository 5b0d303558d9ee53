package dev.millrace.job.sql;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.catalog.Catalog;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.GenericInMemoryCatalog;
import org.apache.flink.table.catalog.ObjectPath;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.exceptions.TableNotExistException;
import org.apache.flink.table.factories.CatalogFactory;

/** Makes catalogs that give their tables as catalogs outside this process do: not yet resolved. */
public final class UnresolvedCatalogFactory implements CatalogFactory {

  @Override
  public String factoryIdentifier() {
    return "unresolved";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  @Override
  public Catalog createCatalog(Context context) {
    return new GenericInMemoryCatalog(context.getName()) {
      @Override
      public CatalogBaseTable getTable(ObjectPath path) throws TableNotExistException {
        return ((ResolvedCatalogTable) super.getTable(path)).getOrigin();
      }
    };
  }
}
