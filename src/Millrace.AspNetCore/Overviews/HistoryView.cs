namespace Millrace.AspNetCore.Overviews;

/// <summary>The history as it is sent.</summary>
internal sealed record HistoryView(double IntervalSeconds, int Capacity, IReadOnlyList<Sample> Samples);
