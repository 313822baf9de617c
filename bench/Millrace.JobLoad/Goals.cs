namespace Millrace.JobLoad;

/// <summary>Which way a goal counts.</summary>
internal static class Goals
{
    public const string AtLeast = "at least";
    public const string AtMost = "at most";
}
