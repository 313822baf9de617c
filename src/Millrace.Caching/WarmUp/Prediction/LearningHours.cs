using Microsoft.Extensions.Hosting;

namespace Millrace.Caching.WarmUp.Prediction;

/// <summary>Turns the hours of all predictive warmers: at the start what was learned is read, at each hour's turn and at the end it is kept.</summary>
internal sealed class LearningHours(IEnumerable<PredictiveWarmer> warmers, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan LastSave = TimeSpan.FromSeconds(5);

    private readonly PredictiveWarmer[] _warmers = [.. warmers];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var warmer in _warmers)
        {
            await warmer.LoadLearnedAsync(cancellationToken).ConfigureAwait(false); // before requests come: it takes over only where nothing was heard
        }

        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(LastSave, time);
        await TurnAsync(limit.Token).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var now = time.GetUtcNow();
                await Task.Delay(TimeSpan.FromHours(1) - (now - Floor(now)), time, stoppingToken).ConfigureAwait(false);
                await TurnAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the host stops, and keeps what was learned in StopAsync
        }
    }

    private static DateTimeOffset Floor(DateTimeOffset now) => new(now.Ticks - (now.Ticks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    private async Task TurnAsync(CancellationToken cancellationToken)
    {
        foreach (var warmer in _warmers)
        {
            await warmer.TurnHourAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
