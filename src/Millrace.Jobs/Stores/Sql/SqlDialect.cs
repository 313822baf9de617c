namespace Millrace.Jobs.Stores.Sql;

/// <summary>What differs from one SQL database to the next. Everything else the operations say is common SQL.</summary>
internal abstract class SqlDialect
{
    /// <summary>The store's name, and its folder of migrations.</summary>
    public abstract string Name { get; }

    /// <summary>Begins a transaction that may write, so that no other one writes until it ends.</summary>
    public abstract string BeginWrite { get; }

    /// <summary>Creates the table of schema versions unless it is there.</summary>
    public abstract string CreateSchemaTable { get; }
}
