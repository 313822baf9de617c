using System.Collections.Concurrent;
using System.Diagnostics;

namespace Millrace.Load;

/// <summary>Sends the log's requests in their order and at their distances, divided by the speed-up.</summary>
/// <remarks>
/// An open loop: a slow answer does not hold back the next request, as it would not hold back another visitor. At most
/// <see cref="MaximumInFlight"/> requests are open at once; past that the generator waits, and says how late it became.
/// </remarks>
internal sealed class Replay(Visitors visitors, double speedUp)
{
    private const int MaximumInFlight = 256;
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentBag<double> _latencies = [];
    private readonly SemaphoreSlim _inFlight = new(MaximumInFlight);
    private int _errors;
    private int _clientErrors;

    public async Task<ReplayResult> RunAsync(IReadOnlyList<LoggedRequest> log, CancellationToken cancellationToken)
    {
        var open = new List<Task>(log.Count);
        var lag = 0.0;
        var clock = Stopwatch.StartNew();
        foreach (var request in log)
        {
            var due = TimeSpan.FromSeconds((request.UnixSeconds - log[0].UnixSeconds) / speedUp);
            var early = due - clock.Elapsed;
            if (early > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(early, TimeProvider.System, cancellationToken);
            }

            await _inFlight.WaitAsync(cancellationToken);
            lag = Math.Max(lag, (clock.Elapsed - due).TotalMilliseconds);
            open.Add(SendAsync(request, cancellationToken));
        }

        await Task.WhenAll(open);
        var percentiles = new Percentiles(_latencies);
        return new ReplayResult
        {
            Requests = log.Count,
            Errors = _errors,
            ClientErrors = _clientErrors,
            Seconds = clock.Elapsed.TotalSeconds,
            LagMilliseconds = lag,
            P50Milliseconds = percentiles.At(0.50),
            P99Milliseconds = percentiles.At(0.99),
        };
    }

    private async Task SendAsync(LoggedRequest request, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(RequestLimit);
            using var response = await visitors.SendAsync(request, limit.Token);
            var status = (int)response.StatusCode;
            if (status >= 500)
            {
                Interlocked.Increment(ref _errors);
                await Console.Error.WriteLineAsync($"  {status} {request.Method} {request.Path}");
            }
            else if (status >= 400)
            {
                Interlocked.Increment(ref _clientErrors);
            }
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _errors);
            await Console.Error.WriteLineAsync($"  no answer: {request.Method} {request.Path}: {error.Message}");
        }
        finally
        {
            _latencies.Add(clock.Elapsed.TotalMilliseconds);
            _inFlight.Release();
        }
    }
}
