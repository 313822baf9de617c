using System.Data.Common;

namespace Township.Platform.Data;

/// <summary>The data source that Township uses: another one, with every command counted.</summary>
internal sealed class CountingDataSource(DbDataSource inner, QueryCounter counter) : DbDataSource
{
    public override string ConnectionString => inner.ConnectionString;

    protected override DbConnection CreateDbConnection() => new CountingConnection(inner.CreateConnection(), counter);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await inner.DisposeAsync();
        await base.DisposeAsyncCore();
    }
}
