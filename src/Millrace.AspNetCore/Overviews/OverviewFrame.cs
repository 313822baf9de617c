namespace Millrace.AspNetCore.Overviews;

/// <summary>An overview and its JSON, serialized once for everyone it is sent to.</summary>
internal sealed record OverviewFrame(Overview Overview, ReadOnlyMemory<byte> Json);
