/**
 * A SQLite file for the examples of nodes that read one. Its table is `parts (id INTEGER, name TEXT, price REAL, ok BOOLEAN, added
 * TIMESTAMP, tags JSON)`, with three rows, the last of which has the id 9007199254740993: one more than JavaScript can represent.
 */
export const exampleDatabase = {
  deflated:
    'Cw70ySxJVUjLL8pNLFEwZmBiYGRkcFBQYGBgYIJiGGBkYGBgQeMTAkwMejM38oIUM/YzMPYzjAL8IJ+RXVxcnLHRtiQxKSe1ILGopBhMMDkHuTqGuCqEODr5uCqAhTQy' +
    'UxQ8/UJc3V2DdPISc1MVQlwjQnQKijKTUxWCXB19dPKzFZz8/X1cHf10ElNSUlMUQjx9XYNDHH0DdEoS04sVvIL9/TRBccPMuJCB8SzjAcaFoxEw6IAsMzubJDsnAwODAiTX' +
    'lScWZ6QW2e+cCQKzuJnYGYUZOBgYmPJKSwwZ2TlF2TltJZPyc0rsL0AMMDIwMtM1MNQ1NgwxNLIyMLAyMNAzMDCIilbKNVGKBQA=',
};
