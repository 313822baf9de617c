using System.Data.Common;

namespace Millrace.Jobs.Stores.Sql;

/// <summary>Checks a transaction that a caller hands over.</summary>
internal static class CallersTransaction
{
    /// <summary>The transaction's connection.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="dataSource">What the store reaches its database by.</param>
    /// <param name="where">The database's name for people.</param>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    /// <exception cref="ArgumentException">It is one of another kind of database, or of another database by name.</exception>
    public static DbConnection Connection(DbTransaction transaction, DbDataSource dataSource, string where)
    {
        if (Find(transaction) is not { } connection)
        {
            throw new InvalidOperationException("The transaction has ended: it was committed or rolled back, or its connection was closed. Enqueue before it ends, or without it.");
        }

        using var own = dataSource.CreateConnection();
        if (!own.GetType().IsInstanceOfType(connection) && !connection.GetType().IsInstanceOfType(own))
        {
            throw new ArgumentException(
                $"The transaction is one of {connection.GetType().Name}; the jobs are kept in {where}, which is reached by {own.GetType().Name}. Hand over a transaction of that driver on the jobs' own database, "
                + "or enqueue after the commit.", nameof(transaction));
        }

        return connection.Database == own.Database ? connection : throw new ArgumentException(
            $"The transaction is one of the database '{connection.Database}'; the jobs are kept in '{own.Database}'. Keep them in one database, or enqueue after the commit.", nameof(transaction));
    }

    /// <summary>Null when the transaction has ended; drivers tell so by one property or another.</summary>
    private static DbConnection? Find(DbTransaction transaction)
    {
        try
        {
            _ = transaction.IsolationLevel;
            return transaction.Connection;
        }
        catch (InvalidOperationException)
        {
            return null; // also ObjectDisposedException
        }
    }
}
