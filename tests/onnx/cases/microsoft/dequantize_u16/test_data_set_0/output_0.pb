J`NbОA>
з@439AJЊ1BµHBдҐЄAЕ ЄAиыZBnаA+BҐpзAЅt@„АdBV№AmзwBD‹¬?жРbAcђ4BHб'B.2qBµHPBЊмBҐрiB43PB