namespace Millrace.Redis.Tests.Commands;

/// <summary>Compares lists whose expected one is written as a collection expression, which would be a span for xunit's own.</summary>
internal static class ListAssert
{
    public static void Equal<T>(IEnumerable<T> expected, IEnumerable<T>? actual) => Assert.Equal(expected, Assert.IsType<IEnumerable<T>>(actual, exactMatch: false));
}
