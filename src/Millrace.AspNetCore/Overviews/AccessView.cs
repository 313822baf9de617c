namespace Millrace.AspNetCore.Overviews;

/// <summary>Who is asking, and what they may do.</summary>
internal sealed record AccessView(string User, bool CanOperate);
