using Microsoft.Extensions.Logging;
using Millrace.Jobs;
using Npgsql;

namespace Millrace.PostgreSql.Listening;

/// <summary>Listens with Npgsql. Says in the log when that fails, and when it works again. Used by one caller at a time.</summary>
internal sealed class NpgsqlListener(NpgsqlDataSource dataSource, ILogger logger) : PostgresListener
{
    /// <summary>After so long without a word the connection is tried: one whose other end went away in silence is found out only so.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private bool _failing;

    /// <inheritdoc />
    public override async Task ListenAsync(string channel, Action listening, Action<string> heard, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                await ListenAsync(connection, channel, listening, heard, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            if (!_failing)
            {
                _failing = true;
                Log.CannotListen(logger, channel, error);
            }

            throw;
        }
    }

    private async Task ListenAsync(NpgsqlConnection connection, string channel, Action listening, Action<string> heard, CancellationToken cancellationToken)
    {
        connection.Notification += (_, notification) =>
        {
            if (notification.Channel == channel)
            {
                heard(notification.Payload);
            }
        };
        await ExecuteAsync(connection, $"LISTEN \"{channel}\"", cancellationToken).ConfigureAwait(false);
        if (_failing)
        {
            _failing = false;
            Log.ListensAgain(logger, channel);
        }

        listening();
        try
        {
            while (true)
            {
                if (!await connection.WaitAsync(LongestSilence, cancellationToken).ConfigureAwait(false))
                {
                    await ExecuteAsync(connection, "SELECT 1", cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await ExecuteAsync(connection, $"UNLISTEN \"{channel}\"", CancellationToken.None).ConfigureAwait(false); // a pool may hand it on as it is
            }
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
